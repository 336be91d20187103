package vendor

import (
	"slices"
	"strconv"
	"strings"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/strictyaml"
)

// parse reads the rules of one file; ids maps those that are used already to where they are, and takes the new ones.
func parse(file string, text []byte, ids map[string]string) ([]bake.Rule, error) {
	var list []bake.Rule
	doc := strictyaml.Parse(file, text)
	if top := doc.Top(); top != nil {
		top.Fields(map[string]func(*strictyaml.Value){
			"rules": func(v *strictyaml.Value) {
				v.List(func(item *strictyaml.Value) {
					r := rule(item)
					if where, twice := ids[r.ID]; twice {
						item.Fail("the rule %q is there already, in %s", r.ID, where)
					}
					ids[r.ID] = file
					list = append(list, r)
				})
			},
		})
	}
	return list, doc.Err()
}

// rule reads one rule and checks it as the catalogue does.
func rule(v *strictyaml.Value) bake.Rule {
	var r bake.Rule
	wrong := false
	word := func(to *string) func(*strictyaml.Value) { return func(v *strictyaml.Value) { *to = v.Text() } }
	words := func(to *[]string) func(*strictyaml.Value) { return func(v *strictyaml.Value) { *to = v.Texts() } }
	flag := func(to *bool) func(*strictyaml.Value) { return func(v *strictyaml.Value) { *to = v.Bool() } }
	oneOf := func(to *string, from ...string) func(*strictyaml.Value) {
		return func(v *strictyaml.Value) {
			if *to = v.Text(); !slices.Contains(from, *to) {
				v.Fail("want one of %v, not %q", from, *to)
				wrong = true
			}
		}
	}
	var action, stage, choice, severity string
	v.Fields(map[string]func(*strictyaml.Value){
		"id":     word(&r.ID),
		"title":  word(&r.Title),
		"why":    word(&r.Why),
		"source": word(&r.Source),
		"where":  words(&r.Where),
		"named": func(v *strictyaml.Value) {
			v.List(func(v *strictyaml.Value) { r.Named = append(r.Named, reference(v)) })
		},
		"except":     words(&r.Except),
		"busy":       words(&r.Busy),
		"when":       words(&r.When),
		"unless":     words(&r.Unless),
		"files":      flag(&r.Files),
		"holds":      word(&r.Holds),
		"unowned":    flag(&r.Unowned),
		"action":     oneOf(&action, "delete", "truncate", "empty", "reset", "edit", "report"),
		"stage":      oneOf(&stage, "live", "shutdown"),
		"held":       flag(&r.Held),
		"default":    oneOf(&choice, "on", "off", "audit"),
		"severity":   oneOf(&severity, "error", "warning"),
		"made_again": word(&r.MadeAgain),
		"makers":     func(v *strictyaml.Value) { v.List(func(v *strictyaml.Value) { r.Makers = append(r.Makers, maker(v)) }) },
		"reset":      func(v *strictyaml.Value) { r.Reset = content(v) },
		"edit":       func(v *strictyaml.Value) { r.Edit = lines(v) },
		"before": func(v *strictyaml.Value) {
			v.List(func(v *strictyaml.Value) { r.Before = append(r.Before, command(v)) })
		},
		"scripts": words(&r.Scripts),
		"secret":  flag(&r.Secret),
	})
	r.Action, r.Stage, r.Default, r.Severity = bake.Action(action), bake.Stage(stage), bake.Default(choice), bake.Severity(severity)
	if _, err := bake.NewCatalogue([]bake.Rule{r}); err != nil && !wrong && v.IsMap() {
		for said := range strings.SplitSeq(err.Error(), "\n") { // the catalogue says all that is wrong, a line each
			v.Fail("%s", said)
		}
	}
	return r
}

func reference(v *strictyaml.Value) (n bake.Reference) {
	v.Fields(map[string]func(*strictyaml.Value){
		"in":    func(v *strictyaml.Value) { n.In = v.Texts() },
		"match": func(v *strictyaml.Value) { n.Match = v.Text() },
	})
	return n
}

func maker(v *strictyaml.Value) (m bake.Maker) {
	v.Fields(map[string]func(*strictyaml.Value){
		"name":   func(v *strictyaml.Value) { m.Name = v.Text() },
		"where":  func(v *strictyaml.Value) { m.Where = v.Text() },
		"holds":  func(v *strictyaml.Value) { m.Holds = v.Text() },
		"unless": func(v *strictyaml.Value) { m.Unless = v.Text() },
	})
	return m
}

func content(v *strictyaml.Value) *bake.Content {
	c := &bake.Content{}
	v.Fields(map[string]func(*strictyaml.Value){
		"text":    func(v *strictyaml.Value) { c.Text = v.Text() },
		"mode":    func(v *strictyaml.Value) { c.Mode = mode(v) },
		"create":  func(v *strictyaml.Value) { c.Create = v.Bool() },
		"link_to": func(v *strictyaml.Value) { c.LinkTo = v.Text() },
	})
	return c
}

// mode reads permission bits as chmod(1) takes them.
func mode(v *strictyaml.Value) uint32 {
	bits, err := strconv.ParseUint(v.Text(), 8, 12)
	if err != nil {
		v.Fail("want permission bits in octal here, such as 0644")
	}
	return uint32(bits)
}

func lines(v *strictyaml.Value) *bake.Lines {
	l := &bake.Lines{}
	v.Fields(map[string]func(*strictyaml.Value){
		"match": func(v *strictyaml.Value) { l.Match = v.Text() },
		"with":  func(v *strictyaml.Value) { l.With = v.Text() },
		"drop":  func(v *strictyaml.Value) { l.Drop = v.Bool() },
		"whole": func(v *strictyaml.Value) { l.Whole = v.Bool() },
	})
	return l
}

// command reads the words of one command. There is no shell between.
func command(v *strictyaml.Value) []string {
	argv := v.Texts()
	if len(argv) == 0 {
		v.Fail("a command needs at least the program's name")
	}
	return argv
}
