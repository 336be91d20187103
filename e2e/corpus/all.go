package corpus

import "slices"

// Items is all that is planted, in the order in which it has to be: traps stand in folders that must be there.
func Items() []Item {
	return slices.Concat(identity(), logs(), spools(), users(), software(), traps(), second())
}
