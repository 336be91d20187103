// Setup prints the Debian packages that the end-to-end tests and the demo need
// and that are missing, in one line, for `make setup` to install; nothing when
// all is here.
package main

import (
	"fmt"
	"strings"

	"github.com/leaven-dev/leaven/e2e/machine"
)

func main() {
	if missing := machine.Missing(); len(missing) > 0 {
		fmt.Println(strings.Join(missing, " "))
	}
}
