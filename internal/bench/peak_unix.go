//go:build unix

package bench

import (
	"os"
	"runtime"
	"syscall"
)

// peak is the most memory a process held, in MB.
func peak(s *os.ProcessState) float64 {
	use, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(use.Maxrss) / 1e6 // bytes there
	}
	return float64(use.Maxrss) / 1e3 // kilobytes
}
