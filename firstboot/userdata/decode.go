package userdata

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
)

// gunzip returns what could be unfolded also with an error.
func (f *finder) gunzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("its gzip is damaged: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(f.left)+1))
	if len(text) > f.left {
		text = text[:f.left]
		f.left = 0
		return text, fmt.Errorf("it unfolds to more than %d bytes", limit)
	}
	f.left -= len(text)
	if err != nil {
		return text, fmt.Errorf("its gzip is damaged: %w", err)
	}
	return text, nil
}

// fromBase64 takes lines of any length, with or without padding.
func fromBase64(text []byte) ([]byte, error) {
	joined := bytes.Join(bytes.Fields(text), nil)
	if len(joined) == 0 {
		return nil, errors.New("it is empty")
	}
	encoding := base64.StdEncoding
	if joined[len(joined)-1] != '=' {
		encoding = base64.RawStdEncoding
	}
	return encoding.AppendDecode(nil, joined)
}

// normal takes the byte order mark off and makes line ends \n.
func normal(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
}

// fromUTF16 reads what a Windows editor saved; its byte order mark tells.
func fromUTF16(data []byte) ([]byte, bool) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return nil, false
	}
	data = data[2:min(len(data), 8<<10)] // the first line is enough
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return normal([]byte(string(utf16.Decode(units)))), true
}
