package transport

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/tidwall/gjson"
)

// errTooLarge is an answer over the cap; reading stops there.
var errTooLarge = errors.New("answer is larger than the size cap")

// read reads a body whole, so that a truncated one is noticed here and not
// half-way through a page.
func (t *Transport) read(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > t.o.MaxBody {
		return nil, errTooLarge
	}
	// Answers come compressed and of unknown length: they are read in pieces,
	// whose memory is used again, and put together once their length is known.
	var pieces []*piece
	defer func() {
		for _, p := range pieces {
			scratch.Put(p)
		}
	}()
	var parts [][]byte // what was read, piece by piece
	size := 0
	for ended := false; !ended; {
		p, n := scratch.Get().(*piece), 0
		pieces = append(pieces, p)
		for n < len(p) && !ended {
			k, err := resp.Body.Read(p[n:])
			n, size = n+k, size+k
			if int64(size) > t.o.MaxBody {
				return nil, errTooLarge
			}
			if ended = errors.Is(err, io.EOF); err != nil && !ended {
				return nil, err
			}
		}
		parts = append(parts, p[:n])
	}
	return bytes.Join(parts, nil), nil // a copy, into memory that is not cleared first
}

type piece [64 << 10]byte

var scratch = sync.Pool{New: func() any { return new(piece) }}

// payloadOf returns what gives a request's body anew for every attempt, nil if
// there is none.
func payloadOf(req *http.Request) (func() (io.ReadCloser, error), error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	if req.GetBody != nil {
		return req.GetBody, nil
	}
	defer req.Body.Close()
	body, err := io.ReadAll(req.Body)
	req.ContentLength = int64(len(body))
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }, err
}

// Parse reads JSON in place. Pages are large and every text that outlives one
// is cloned, so no copy is made; the bytes are not to be written to afterwards.
func Parse(body []byte) gjson.Result {
	return gjson.Parse(unsafe.String(unsafe.SliceData(body), len(body)))
}

// json reports whether a 2xx answer is what a JSON API promises: no content,
// or a JSON value. A proxy's or maintenance page is neither.
func json(resp *http.Response, body []byte) bool {
	if resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified {
		return true
	}
	b := bytes.TrimLeft(body, " \t\r\n\xef\xbb\xbf")
	if len(b) == 0 {
		return false
	}
	return strings.IndexByte(`{["-0123456789tfn`, b[0]) >= 0
}

// wantsJSON reports whether JSON was asked for; a caller that wants text says
// so in its Accept header.
func wantsJSON(req *http.Request) bool {
	accept := req.Header.Get("Accept")
	return accept == "" || strings.Contains(accept, "json") || strings.Contains(accept, "*/*")
}

// Pooled is the way out to a vendor: pooled connections, TLS 1.2 and up.
func Pooled() http.RoundTripper {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   15 * time.Second,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
	}
}
