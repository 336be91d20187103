package nfs

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// errMute is that of a server that takes the connection, and no more.
var errMute = errors.New("it accepts connections, but does not answer")

// probe tells whether a server serves. That it accepts connections says little: the kernel of one that is only starting does that,
// and mount(8) would then hang for as long as an RPC may take (timeo=600 is a minute). So it is asked to do nothing (procedure 0 of
// NFS 4, RFC 8881, section 16.1), which is what the kernel's client does first, too. Where a tunnel is to talk to it, it must
// accept connections.
func probe(ctx context.Context, address string, tunnel bool) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if tunnel {
		return nil
	}
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })()
	id := rand.Uint32()
	// RFC 5531: record mark, with the length; call, version 2 of RPC; NFS, version 4, procedure 0; neither credentials nor verifier.
	var call []byte
	for _, word := range []uint32{1<<31 | 40, id, 0, 2, 100003, 4, 0, 0, 0, 0, 0} {
		call = binary.BigEndian.AppendUint32(call, word)
	}
	var answer [12]byte // record mark, id, reply
	_, err = conn.Write(call)
	if err == nil {
		_, err = io.ReadFull(conn, answer[:])
	}
	if err != nil {
		return errMute
	}
	if binary.BigEndian.Uint32(answer[4:]) != id || binary.BigEndian.Uint32(answer[8:]) != 1 {
		return errors.New("what answers is no NFS server")
	}
	return nil // whatever it says: mount(8) has better words for it
}
