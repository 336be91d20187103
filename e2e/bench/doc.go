// Package bench measures whole programs on whole systems, side by side with their peers in the same run, and says which of the
// project's goals they reach. A goal that is missed fails nothing; what cannot be measured does.
//
// All of it, in some thirty minutes on two cores: make bench. A part, as root:
//
//	go test ./e2e/bench -run '^$' -bench FirstBootSize       the agent's size, in seconds
//	go test ./e2e/bench -run '^$' -bench FirstBootContainer  processor, sshd, memory; five rounds, two minutes
//	go test ./e2e/bench -run '^$' -bench FirstBootDisk       what a cold disk has to deliver; three rounds, ten minutes
//	go test ./e2e/bench -run '^$' -bench Seal                bake, a shell script, cloud-init, virt-sysprep; five minutes
//	go test ./e2e/bench -run '^$' -bench MountsBack          an NFS server that comes back; two minutes
//	go test ./e2e/bench -run '^$' -bench MountsBoot          boots with a dead NFS server; three rounds, five minutes
//	go test ./e2e/bench -run '^$' -bench Audit               audit, gitleaks (.cache/tools on PATH); three minutes
//
// With -benchtime=1x there is one round, which is enough to see that it works. What is better the more often it is done takes
// -benchtime=9x. Each table tells the load of the machine: on a busy one, trust what is compared within a round.
//
// What counts is time of the processor and memory, and how the programs compare: wall time says little on a shared machine.
package bench
