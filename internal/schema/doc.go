// Package schema is what a configuration may hold, written once, as Go structs with tags. From them it reads YAML documents
// (strictly, with places in errors), lays one document over another, checks what belongs together, prints the outcome with the
// origin of each value, and makes the JSON Schema that editors use. Because all of that comes from one source, none of it can
// disagree with the rest.
//
// Tags of a field:
//
//	key:"at"          its name in the document; a field without a key is not read
//	doc:"..."         a sentence for people, without a full stop
//	is:"required"     it must be there, in some layer
//	is:"secret"       it is never printed
//	is:"literal"      ${...} in it means nothing to us
//	default:"5m"      what it is when no layer names it, as it would be written
//	oneof:"hub,client" the words that it can be
//	pattern:"i-.+"    a regular expression that the whole text must match
//	by:"at"           of a list of structs: entries of two layers with the same value there are one and the same
//
// Kinds of field: string, bool, int, time.Duration, [Mode], [Size], [Command], []string, map[string]string, structs, pointers to
// structs, []struct, and map[string]struct.
//
// How layers meet: a later layer's value replaces the earlier one's; keys with values meet key by key; an entry of a list with
// "by" replaces the earlier entry as a whole, or is added; any other list is replaced.
//
// Not for documents with free keys beyond string maps, and not for speed: it uses reflection, once a boot.
package schema
