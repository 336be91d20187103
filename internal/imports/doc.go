// Package imports holds one test: it keeps the rooms of the project apart. See docs/design.md for who may import whom.
package imports
