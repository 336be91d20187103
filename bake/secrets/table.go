package secrets

import "bytes"

// columnsByName: the columns of a table whose heads name secrets, as browsers and password managers write when they export
// what they keep. The separator is the one that the first line has most of.
func columnsByName(text []byte, found func(from, to int)) {
	var columns []int
	separator := byte(',')
	first := true
	eachLine(text, func(from, to int) {
		line := text[from:to]
		if first {
			first = false
			for _, c := range []byte(";\t|") {
				if bytes.Count(line, []byte{c}) > bytes.Count(line, []byte{separator}) {
					separator = c
				}
			}
			for i, head := range cutFields(text, from, to, separator, maxColumns) {
				if a, b := unquote(text, head[0], head[1]); b-a <= maxName && nameKind(text[a:b]) != nothing {
					columns = append(columns, i)
				}
			}
			return
		}
		if len(columns) == 0 {
			return
		}
		fields := cutFields(text, from, to, separator, maxColumns)
		for _, i := range columns {
			if i < len(fields) {
				if a, b := unquote(text, fields[i][0], fields[i][1]); b-a <= maxValue {
					found(a, b)
				}
			}
		}
	})
}

const maxColumns = 64

// readSubversion: "K 8", "password", "V" and a length, and the password on the next line.
func readSubversion(text []byte, found func(from, to int)) {
	lines, expecting := 0, false
	eachLine(text, func(from, to int) {
		switch line := text[from:to]; {
		case bytes.Equal(line, []byte("password")) || bytes.Equal(line, []byte("passphrase")):
			expecting, lines = true, 0
		case expecting:
			if lines++; lines == 2 {
				found(from, to)
				expecting = false
			}
		}
	})
}
