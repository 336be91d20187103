package bake

// userRules take out what people who worked on the machine left in their homes.
func userRules() []Rule {
	return []Rule{
		{
			ID:     "histories",
			Title:  "histories of shells and clients",
			Why:    "commands that were typed name hosts, users and often passwords",
			Source: "bash(1), zshall(1), fish(1), ash(1); EC2 guide for shared Linux AMIs",
			Where: []string{
				"~/.*_history", "~/.history", "~/.histfile", "~/.*hist", "~/.zsh_sessions", "~/.bash_sessions",
				"~/.local/share/fish/*_history", "~/.config/fish/fish_history",
				"~/.{viminfo,lesshst,wget-hsts,rediscli_history,dbshell,sqlite_history}", "~/.local/{share,state}/{lesshst,wget-hsts,nvim/shada}",
				"~/.local/state/bash/history",
			},
			Action:    Delete,
			Stage:     Shutdown, // the shell that logs out writes its history again
			MadeAgain: "the shells",
			Secret:    true,
		},
		{
			ID:        "aws-credentials",
			Title:     "AWS keys",
			Why:       "whoever starts the image has them; AWS suspends keys that it finds in shared images",
			Source:    "AWS SDKs and Tools Reference Guide, shared config and credentials files",
			Where:     []string{"~/.aws", "~/.boto", "~/.s3cfg", "~/.passwd-s3fs", "/etc/{passwd-s3fs,boto.cfg}"},
			Action:    Delete,
			MadeAgain: "nothing: instances get credentials from their role",
			Secret:    true,
		},
	}
}
