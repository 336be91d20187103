package bake

// Auditing says how findings are judged.
type Auditing struct {
	// Armed says that the last stage will run at shutdown, so that what is written again until then is only pending.
	Armed bool
}

// Findings turns a plan made from the same rules as baking into what an audit found: whatever is still planned, and whatever
// could not be looked at.
func (a Auditing) Findings(p *Plan) []Finding {
	var found []Finding
	for _, it := range p.Items {
		f := Finding{
			Rule: it.Rule.ID, Path: Quote(it.Path), Severity: it.severity(), State: Dirty,
			Message: it.Rule.Title + ": " + it.Rule.Why,
			Fix:     "run `leaven bake`",
		}
		switch {
		case it.Refusal != "":
			f.Fix = it.Refusal
		case it.Rule.Action == Report:
			f.Fix = "see to it by hand: baking never touches it (made again: " + it.Rule.MadeAgain + "); to accept it use --skip " + it.Rule.ID
		case !it.acted:
			f.Fix = "remove it, or run `leaven bake --only " + it.Rule.ID + "`; to accept it use --skip " + it.Rule.ID
		case it.Rule.Stage == Shutdown && a.Armed:
			f.State = Pending
			f.Fix = "nothing: the last stage takes it at shutdown"
			if it.Rule.Held {
				f.Fix = "nothing: the build still needs it, and the last stage takes it at shutdown"
			}
		}
		found = append(found, f)
	}
	return append(found, p.Unknown...)
}

// severity is the rule's own, unless the rule was switched: what was to go and is there is an error, and of what is only to be
// reported nobody wants more than a word.
func (it Item) severity() Severity {
	switch {
	case it.acted && it.Rule.Default == AuditOnly:
		return Error
	case !it.acted && it.Rule.Default != AuditOnly && it.Rule.Action != Report:
		return Warning
	}
	return it.Rule.Severity
}

// Verdict is the exit status of an audit: 0 clean, 1 findings, 2 cannot tell. Pending findings and warnings leave it at 0,
// unless strict makes warnings count.
func Verdict(found []Finding, strict bool) int {
	verdict := 0
	for _, f := range found {
		switch {
		case f.State == Pending:
		case f.State == Unknown && verdict == 0:
			verdict = 2
		case f.State == Dirty && (f.Severity == Error || strict):
			verdict = 1
		}
	}
	return verdict
}
