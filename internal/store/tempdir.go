package store

import (
	"path/filepath"
	"sync"

	"modernc.org/libc"
	sqlite "modernc.org/sqlite/lib"
)

var beside sync.Once

// tempBeside has SQLite put the files that it works in, and removes at once, into
// the folder of the first database that is opened: pages of deals are in them, and
// without this they go to a folder that everybody shares. SQLite takes the folder
// once for the whole process, and falls back to a shared one if it is gone.
func tempBeside(path string) {
	beside.Do(func() {
		dir, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			return
		}
		if name, err := libc.CString(dir); err == nil {
			sqlite.Xsqlite3_temp_directory = name
		}
	})
}
