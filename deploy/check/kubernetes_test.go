package check_test

import (
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These are the parts of Kubernetes' objects that the manifests use.
type (
	labels map[string]string

	Head struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct {
			Name        string
			Labels      labels
			Annotations map[string]string
		}
	}

	selector struct {
		MatchLabels labels `yaml:"matchLabels"`
	}

	probe struct {
		HTTPGet struct {
			Path, Port string
		} `yaml:"httpGet"`
		PeriodSeconds    int `yaml:"periodSeconds"`
		TimeoutSeconds   int `yaml:"timeoutSeconds"`
		FailureThreshold int `yaml:"failureThreshold"`
	}

	item struct{ Key, Path string }

	volume struct {
		Name      string
		ConfigMap struct{ Name string } `yaml:"configMap"`
		Secret    struct {
			SecretName  string `yaml:"secretName"`
			DefaultMode int    `yaml:"defaultMode"`
			Items       []item
		}
	}

	container struct {
		Name, Image string
		Args        []string
		Ports       []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		SecurityContext struct {
			AllowPrivilegeEscalation bool `yaml:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool `yaml:"readOnlyRootFilesystem"`
			Capabilities             struct{ Drop []string }
		} `yaml:"securityContext"`
		Resources struct {
			Requests struct{ CPU, Memory string }
			Limits   struct{ Memory string }
		}
		StartupProbe   probe `yaml:"startupProbe"`
		LivenessProbe  probe `yaml:"livenessProbe"`
		ReadinessProbe probe `yaml:"readinessProbe"`
		VolumeMounts   []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}

	podSpec struct {
		ServiceAccountName            string `yaml:"serviceAccountName"`
		AutomountServiceAccountToken  *bool  `yaml:"automountServiceAccountToken"`
		EnableServiceLinks            *bool  `yaml:"enableServiceLinks"`
		TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
		SecurityContext               struct {
			RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
			RunAsUser      int                   `yaml:"runAsUser"`
			RunAsGroup     int                   `yaml:"runAsGroup"`
			FSGroup        int                   `yaml:"fsGroup"`
			SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
		} `yaml:"securityContext"`
		TopologySpreadConstraints []struct {
			MaxSkew           int      `yaml:"maxSkew"`
			TopologyKey       string   `yaml:"topologyKey"`
			WhenUnsatisfiable string   `yaml:"whenUnsatisfiable"`
			LabelSelector     selector `yaml:"labelSelector"`
		} `yaml:"topologySpreadConstraints"`
		Containers []container
		Volumes    []volume
	}

	deployment struct {
		Head `yaml:",inline"`
		Spec struct {
			Replicas int
			Selector selector
			Strategy struct {
				Type          string
				RollingUpdate struct {
					MaxUnavailable int `yaml:"maxUnavailable"`
					MaxSurge       int `yaml:"maxSurge"`
				} `yaml:"rollingUpdate"`
			}
			Template struct {
				Metadata struct{ Labels labels }
				Spec     podSpec
			}
		}
	}

	service struct {
		Head `yaml:",inline"`
		Spec struct {
			ClusterIP                string `yaml:"clusterIP"`
			PublishNotReadyAddresses bool   `yaml:"publishNotReadyAddresses"`
			Selector                 labels
			Ports                    []struct {
				Name       string
				Port       int
				TargetPort string `yaml:"targetPort"`
			}
		}
	}

	peer struct {
		NamespaceSelector selector `yaml:"namespaceSelector"`
		IPBlock           struct {
			CIDR   string
			Except []string
		} `yaml:"ipBlock"`
	}

	rule struct {
		From, To []peer
		Ports    []struct {
			Protocol string
			Port     int
		}
	}

	networkPolicy struct {
		Head `yaml:",inline"`
		Spec struct {
			PodSelector     selector `yaml:"podSelector"`
			PolicyTypes     []string `yaml:"policyTypes"`
			Ingress, Egress []rule
		}
	}

	disruptionBudget struct {
		Head `yaml:",inline"`
		Spec struct {
			MinAvailable               int    `yaml:"minAvailable"`
			UnhealthyPodEvictionPolicy string `yaml:"unhealthyPodEvictionPolicy"`
			Selector                   selector
		}
	}

	kustomization struct {
		APIVersion         string `yaml:"apiVersion"`
		Kind, Namespace    string
		Resources          []string
		ConfigMapGenerator []struct {
			Name  string
			Files []string
		} `yaml:"configMapGenerator"`
		Images []struct {
			Name   string
			NewTag string `yaml:"newTag"`
		}
	}

	serviceAccount struct {
		Head                         `yaml:",inline"`
		AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
	}
)

const k8s = "../kubernetes/"

func no(b *bool) bool { return b != nil && !*b }

// Every file is part of it, and is the kind of object that it is called.
func TestTheKustomizationNamesEveryFile(t *testing.T) {
	k := strict[kustomization](t, k8s+"kustomization.yaml")
	found, err := filepath.Glob(k8s + "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range found {
		if name := filepath.Base(f); name != "kustomization.yaml" && name != "syncd.yaml" {
			want = append(want, name)
		}
	}
	if got := slices.Sorted(slices.Values(k.Resources)); !slices.Equal(got, want) {
		t.Errorf("resources %v of %v", got, want)
	}
	for file, h := range map[string]Head{
		"v1 Namespace":                       strict[Head](t, k8s+"namespace.yaml"),
		"v1 ServiceAccount":                  strict[serviceAccount](t, k8s+"serviceaccount.yaml").Head,
		"apps/v1 Deployment":                 strict[deployment](t, k8s+"deployment.yaml").Head,
		"v1 Service":                         strict[service](t, k8s+"service.yaml").Head,
		"networking.k8s.io/v1 NetworkPolicy": strict[networkPolicy](t, k8s+"networkpolicy.yaml").Head,
		"policy/v1 PodDisruptionBudget":      strict[disruptionBudget](t, k8s+"poddisruptionbudget.yaml").Head,
	} {
		if h.APIVersion+" "+h.Kind != file || h.Metadata.Name != "syncd" {
			t.Errorf("%s %s %q, want %s", h.APIVersion, h.Kind, h.Metadata.Name, file)
		}
	}
	ns := strict[Head](t, k8s+"namespace.yaml")
	if k.Namespace != ns.Metadata.Name || ns.Metadata.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		t.Errorf("namespace %q, %+v", k.Namespace, ns.Metadata)
	}
}

// One set of labels finds the pods, whoever looks for them.
func TestSelectorsFindThePods(t *testing.T) {
	d := strict[deployment](t, k8s+"deployment.yaml")
	pods := d.Spec.Template.Metadata.Labels
	budget := strict[disruptionBudget](t, k8s+"poddisruptionbudget.yaml")
	for name, s := range map[string]labels{
		"deployment": d.Spec.Selector.MatchLabels, "service": strict[service](t, k8s+"service.yaml").Spec.Selector,
		"network policy": strict[networkPolicy](t, k8s+"networkpolicy.yaml").Spec.PodSelector.MatchLabels, "budget": budget.Spec.Selector.MatchLabels,
		"spread": d.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
	} {
		if len(s) == 0 || !maps.Equal(s, pods) {
			t.Errorf("the %s looks for %v, pods have %v", name, s, pods)
		}
	}
	if d.Spec.Replicas != 2 || budget.Spec.MinAvailable != 1 || d.Spec.Strategy.RollingUpdate.MaxUnavailable != 0 {
		t.Errorf("%d replicas, %d must be available, %d may be away", d.Spec.Replicas, budget.Spec.MinAvailable, d.Spec.Strategy.RollingUpdate.MaxUnavailable)
	}
	if !strings.HasPrefix(load(t, k8s+"syncd.yaml").Database, "postgres://") {
		t.Error("two replicas share a file")
	}
}

// Probes ask for pages that are served, and mean what they say: only a process
// that does not answer is killed, and one whose database is away gets no work.
func TestProbesMeanWhatTheySay(t *testing.T) {
	c := strict[deployment](t, k8s+"deployment.yaml").Spec.Template.Spec.Containers[0]
	want := port(t, load(t, k8s+"syncd.yaml"))
	if len(c.Ports) != 1 || strconv.Itoa(c.Ports[0].ContainerPort) != want {
		t.Fatalf("ports %+v, syncd listens on %s", c.Ports, want)
	}
	for name, p := range map[string]probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
		if p.HTTPGet.Port != c.Ports[0].Name || p.PeriodSeconds <= 0 || p.FailureThreshold <= 0 {
			t.Errorf("%s: %+v", name, p)
		}
		starting, working, down := pages(t, p.HTTPGet.Path)
		codes := [3]int{200, 200, 200}
		if name == "readiness" {
			codes = [3]int{503, 200, 503}
		}
		if got := [3]int{starting, working, down}; got != codes {
			t.Errorf("%s asks %s, which answers %v, want %v", name, p.HTTPGet.Path, got, codes)
		}
	}
	s := strict[service](t, k8s+"service.yaml")
	if p := s.Spec.Ports[0]; p.TargetPort != c.Ports[0].Name || strconv.Itoa(p.Port) != want || !s.Spec.PublishNotReadyAddresses {
		t.Errorf("service %+v", s.Spec)
	}
	if a := s.Metadata.Annotations; a["prometheus.io/port"] != want || a["prometheus.io/scrape"] != "true" {
		t.Errorf("annotations %v", a)
	} else if _, code, _ := pages(t, a["prometheus.io/path"]); code != 200 {
		t.Errorf("%s answers %d", a["prometheus.io/path"], code)
	}
}

// The configuration and every file that it reads are where it looks for them.
func TestThePodHasItsFiles(t *testing.T) {
	spec := strict[deployment](t, k8s+"deployment.yaml").Spec.Template.Spec
	k := strict[kustomization](t, k8s+"kustomization.yaml")
	mounts, c := map[string]string{}, spec.Containers[0]
	for _, m := range c.VolumeMounts {
		if !m.ReadOnly {
			t.Errorf("%s may be written", m.MountPath)
		}
		mounts[m.Name] = m.MountPath
	}
	var have []string
	for _, v := range spec.Volumes {
		switch {
		case v.ConfigMap.Name != "":
			g := k.ConfigMapGenerator[0]
			if v.ConfigMap.Name != g.Name || !slices.Equal(c.Args, []string{"run", "-c", path.Join(mounts[v.Name], g.Files[0])}) {
				t.Errorf("the configuration %v is in %+v, asked for by %v", g, v, c.Args)
			}
		case v.Secret.SecretName != "":
			if v.Secret.DefaultMode != 0o440 {
				t.Errorf("secrets have mode %o", v.Secret.DefaultMode)
			}
			for _, i := range v.Secret.Items {
				have = append(have, path.Join(mounts[v.Name], i.Path))
				if i.Key != i.Path || !strings.Contains(read(t, "../README.md"), "--from-file="+i.Key) {
					t.Errorf("the README does not say where %s comes from", i.Key)
				}
			}
		}
	}
	slices.Sort(have)
	if want := files(t, k8s+"syncd.yaml"); !slices.Equal(have, want) {
		t.Errorf("mounted are %v, read are %v", have, want)
	}
}

// The pod may do nothing that it need not do.
func TestThePodIsRestricted(t *testing.T) {
	d := strict[deployment](t, k8s+"deployment.yaml")
	spec, account := d.Spec.Template.Spec, strict[serviceAccount](t, k8s+"serviceaccount.yaml")
	if !no(spec.AutomountServiceAccountToken) || !no(account.AutomountServiceAccountToken) || spec.ServiceAccountName != account.Metadata.Name || !no(spec.EnableServiceLinks) {
		t.Error("the pod may ask the cluster for something")
	}
	s := spec.SecurityContext
	if user, _ := strconv.Atoi(image); !s.RunAsNonRoot || s.RunAsUser != user || s.RunAsGroup != user || s.FSGroup != user || s.SeccompProfile.Type != "RuntimeDefault" {
		t.Errorf("%+v", s)
	}
	c := spec.Containers[0]
	if p := c.SecurityContext; p.AllowPrivilegeEscalation || !p.ReadOnlyRootFilesystem || !slices.Equal(p.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("%+v", p)
	}
	if r := c.Resources; r.Requests.Memory != "128Mi" || r.Limits.Memory != "256Mi" || r.Requests.CPU == "" {
		t.Errorf("%+v", r)
	}
	if grace := time.Duration(spec.TerminationGracePeriodSeconds) * time.Second; grace <= longestStop {
		t.Errorf("%s to stop", grace)
	}
	if len(spec.Containers) != 1 {
		t.Errorf("%d containers", len(spec.Containers))
	}
}

// Only Prometheus comes in; only names, the CRM and the database are reached.
func TestTheNetworkIsNarrow(t *testing.T) {
	n, c := strict[networkPolicy](t, k8s+"networkpolicy.yaml"), load(t, k8s+"syncd.yaml")
	if !slices.Equal(n.Spec.PolicyTypes, []string{"Ingress", "Egress"}) {
		t.Errorf("policy types %v", n.Spec.PolicyTypes)
	}
	named := func(r rule) string {
		var all []string
		for _, p := range append(r.From, r.To...) {
			all = append(all, p.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"]+p.IPBlock.CIDR)
		}
		for _, p := range r.Ports {
			all = append(all, p.Protocol+strconv.Itoa(p.Port))
		}
		return strings.Join(all, " ")
	}
	if len(n.Spec.Ingress) != 1 || named(n.Spec.Ingress[0]) != "monitoring TCP"+port(t, c) {
		t.Errorf("ingress %+v", n.Spec.Ingress)
	}
	db, err := url.Parse(c.Database)
	if err != nil {
		t.Fatal(err)
	}
	host := strings.Split(db.Hostname(), ".") // service.namespace.svc
	var got []string
	for _, r := range n.Spec.Egress {
		got = append(got, named(r))
	}
	want := []string{"kube-system UDP53 TCP53", "0.0.0.0/0 TCP443", host[1] + " TCP" + db.Port()}
	if !slices.Equal(got, want) {
		t.Errorf("egress %q, want %q", got, want)
	}
	if conn := signsIn(t, c.Database); conn.TLSConfig == nil || conn.TLSConfig.ServerName != db.Hostname() || conn.TLSConfig.InsecureSkipVerify || len(conn.Fallbacks) > 0 {
		t.Error("the database need not prove who it is")
	}
}
