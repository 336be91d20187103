package secrets

import (
	"path"
	"strings"
)

// A place is what a file's name says about its content. Names are bytes and need not be UTF-8.
type place struct {
	path    string // as seen inside the root; inside archives, the member's name
	base    string // last part, in lower case, without .gz, .bak and the like
	level   level  // how much a guess must look like a secret
	quoted  bool   // program text: only what stands in quotes is a value
	vendor  bool   // in the tree of a package manager
	sample  bool   // tests, examples and documentation there: keys are published, and guesses wrong
	program bool   // a part of a program in a distribution's tree, where keys are for self-tests
	format  *format
}

// newPlace judges a name. The Filesystem Hierarchy Standard 3.0 (4.1, 4.9) gives /usr to the distribution and /usr/local,
// /etc, /home, /opt, /root, /srv and /var to the site: what lies in the former was published by somebody, so a password
// there must look drawn at random before it counts. The same goes for the trees of language package managers.
func (s *Scanner) newPlace(name string) *place {
	p := &place{path: name, base: plainName(name), level: normal}
	lower := strings.ToLower(name)
	vendor := vendorTree(lower)
	if vendor || strings.HasPrefix(lower, "/var/lib/dpkg/") || strings.HasPrefix(lower, "/var/lib/apt/lists/") {
		p.level = strict
	}
	switch path.Ext(p.base) {
	case ".py", ".pyx", ".pyi", ".pl", ".pm", ".t", ".pod", ".rb", ".erb", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".vue", ".go", ".c", ".h", ".cc", ".cpp",
		".hpp", ".cs", ".java", ".kt", ".scala", ".groovy", ".gradle", ".swift", ".rs", ".php", ".phps", ".inc", ".lua", ".ex", ".exs", ".erl", ".tcl", ".cf", ".r",
		".vim", ".el", ".lisp", ".html", ".htm", ".xhtml", ".css", ".scss", ".map", ".ipynb":
		p.quoted = true
	case ".1", ".2", ".3", ".3pm", ".4", ".5", ".6", ".7", ".8", ".po", ".pot", ".mo", ".info", ".texi", ".rst", ".tex":
		p.level = strict
	}
	if strings.Contains(lower, "/man/man") { // the section was taken for the number of a rotated file
		p.level = strict
	}
	p.vendor, p.sample = vendor, vendor && (sampleTree(lower) || sampleName(p.base))
	if !p.sample {
		p.format = s.formats.find(name, p.base)
	}
	return p
}

// formatLevel is for the fields of the file's format: laxer than for guesses, but what a distribution ships as a sample
// is not taken for the real thing.
func (p *place) formatLevel() level {
	if p.level == strict {
		return normal
	}
	return lax
}

// vendorTree: the tree of a package manager.
func vendorTree(lower string) bool {
	if strings.HasPrefix(lower, "/usr/") {
		return !strings.HasPrefix(lower, "/usr/local/") || managedTree(lower)
	}
	for _, top := range [...]string{"/lib/", "/lib32/", "/lib64/", "/libx32/", "/bin/", "/sbin/", "/boot/", "/snap/"} {
		if strings.HasPrefix(lower, top) {
			return true
		}
	}
	return managedTree(lower)
}

func managedTree(lower string) bool {
	for _, dir := range [...]string{"/node_modules/", "/site-packages/", "/dist-packages/", "/gems/", "/pkg/mod/", "/.cargo/registry/", "/usr/local/go/", "/lib/python2.", "/lib/python3.", "/lib/ruby/", "/share/perl"} {
		if strings.Contains(lower, dir) {
			return true
		}
	}
	return false
}

// sampleTree: the names that packages give to the folders of their tests, examples and documents.
func sampleTree(lower string) bool {
	for dir := range strings.SplitSeq(path.Dir(lower), "/") {
		switch dir {
		case "test", "tests", "testing", "testdata", "selftest", "fixtures", "test_data", "testsuite", "t", "spec", "examples", "example", "samples",
			"demo", "demos", "doc", "docs", "man", "info":
			return true
		}
		if strings.HasSuffix(dir, ".egg-info") || strings.HasSuffix(dir, ".dist-info") {
			return true
		}
	}
	return false
}

// sampleName: the names that languages give to the files of tests.
func sampleName(base string) bool {
	stem, _, _ := strings.Cut(base, ".")
	return strings.HasSuffix(stem, "_test") || strings.HasPrefix(stem, "test_") || strings.Contains(base, ".test.") || strings.Contains(base, ".spec.") ||
		strings.Contains(base, "example") || strings.Contains(base, "sample")
}

// plainName is the last part of a name without what back-ups, package managers and compressors append.
func plainName(name string) string {
	base := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	for {
		cut := strings.TrimRight(base, "~#")
		for _, end := range [...]string{".gz", ".xz", ".bz2", ".zst", ".lzma", ".bak", ".backup", ".old", ".orig", ".save", ".saved", ".swp", ".tmp", ".copy",
			".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-bak", ".ucf-old", ".ucf-dist", ".rpmsave", ".rpmnew", ".rpmorig", ".disabled", ".1", ".b64"} {
			if rest := strings.TrimSuffix(cut, end); rest != "" {
				cut = rest
			}
		}
		if cut == base || cut == "" {
			return strings.TrimLeft(base, "#")
		}
		base = cut
	}
}
