// loopback brings the loopback interface of this network namespace up and becomes the program named by its
// arguments. A fresh namespace has the interface, but down.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"
)

// interfaceRequest is struct ifreq as SIOCGIFFLAGS and SIOCSIFFLAGS use it.
type interfaceRequest struct {
	name  [16]byte
	flags uint16
	_     [22]byte
}

func bringUp() error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(socket)
	request := interfaceRequest{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return errno
	}
	return nil
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: loopback PROGRAM [ARGUMENT]...")
		os.Exit(2)
	}
	if err := bringUp(); err != nil {
		fmt.Fprintln(os.Stderr, "loopback: cannot bring lo up:", err)
		os.Exit(2)
	}
	path, err := exec.LookPath(os.Args[1])
	if err == nil {
		err = syscall.Exec(path, os.Args[1:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "loopback:", err)
	os.Exit(2)
}
