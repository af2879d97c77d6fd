package cli

import (
	"errors"
	"io"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// progress shows a spinner with a count, on a terminal only.
func progress(w io.Writer) func(connection string, read int64) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	var mu sync.Mutex
	bars := map[string]*progressbar.ProgressBar{}
	return func(connection string, read int64) {
		mu.Lock()
		defer mu.Unlock()
		bar := bars[connection]
		if bar == nil {
			bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(w),
				progressbar.OptionSetDescription(connection+": deals read"), progressbar.OptionClearOnFinish(),
				progressbar.OptionShowCount())
			bars[connection] = bar
		}
		_ = bar.Set64(read)
	}
}

// newLog logs to w. A command that prints a report of its own logs errors
// alone; the daemon logs every pass.
func newLog(format string, verbose, daemon bool, w io.Writer) (*zap.Logger, error) {
	level := zapcore.ErrorLevel
	switch {
	case verbose:
		level = zapcore.DebugLevel
	case daemon:
		level = zapcore.InfoLevel
	}
	enc := zap.NewProductionEncoderConfig()
	enc.EncodeTime = zapcore.RFC3339TimeEncoder
	encoder := zapcore.NewConsoleEncoder(enc)
	switch format {
	case "console":
	case "json":
		encoder = zapcore.NewJSONEncoder(enc)
	default:
		return nil, errLogFormat
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level)), nil
}

var errLogFormat = errors.New("--log takes console or json")
