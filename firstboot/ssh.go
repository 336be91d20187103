package firstboot

// sshSteps are host keys and certificates beyond what sshd starts with.
func (p *provision) sshSteps() []Step { return nil }
