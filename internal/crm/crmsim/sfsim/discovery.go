package sfsim

import "fmt"

// versions answers GET /services/data, which needs no session.
func (c *call) versions() (*answer, *apiError) {
	if c.method != "GET" && c.method != "HEAD" {
		return nil, notAllowed(c.method, "GET", "HEAD")
	}
	type version struct {
		Label   string `json:"label"`
		URL     string `json:"url"`
		Version string `json:"version"`
	}
	seasons := []string{"Spring", "Summer", "Winter"}
	var out []version
	for n := firstVersion; n <= lastVersion; n++ {
		// v31 was Summer '14, and there are three releases a year
		season := (n - 30) % 3
		year := 14 + (n-30)/3
		if season == 2 {
			year++
		}
		v := fmt.Sprintf("%d.0", n)
		out = append(out, version{fmt.Sprintf("%s '%02d", seasons[season], year), "/services/data/v" + v, v})
	}
	return ok(out), nil
}

// resources answers GET /services/data/vXX.X.
func (c *call) resources() (*answer, *apiError) {
	out := map[string]string{"identity": base(c.r) + "/id/" + c.s.orgID + "/" + c.session.user}
	for _, name := range []string{"tooling", "query", "queryAll", "sobjects", "limits", "composite", "jobs"} {
		out[name] = "/services/data/" + c.version + "/" + name
	}
	return ok(out), nil
}
