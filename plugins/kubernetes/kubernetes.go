// Package kubernetes knows nodes of Kubernetes: kubeadm, k3s, RKE2 and MicroK8s. Programs, container images and settings
// stay; so does the data of a control plane, which is reported.
package kubernetes

import "github.com/leaven-dev/leaven/bake"

// Plugin is Kubernetes.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "kubernetes" }

// Rules take out a node's membership.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:     "kubelet-identity",
			Title:  "membership of a Kubernetes cluster",
			Why:    "a clone joins the build's cluster as the node that was already there",
			Source: "kubeadm reset; kubelet documentation, TLS bootstrapping",
			Where: []string{
				"/var/lib/kubelet/pki/*", "/var/lib/kubelet/{kubeconfig,bootstrap-kubeconfig,bootstrap-kubelet.conf,kubelet.conf}", "/etc/kubernetes/*.{conf,kubeconfig}",
				"/etc/kubernetes/pki/{*,etcd/*}", "/etc/kubernetes/{kubeconfig,kubelet.kubeconfig,bootstrap-kubeconfig}",
			},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "kubeadm join, or the cluster's own bootstrap",
			Before:    [][]string{{"systemctl", "stop", "kubelet*.service"}},
			Secret:    true,
		},
		{
			ID:     "kubelet-state",
			Title:  "state of the kubelet",
			Why:    "the kubelet does not start on an instance of another size, and mounts what its parent's pods had",
			Source: "Kubernetes documentation, CPU management policies and node reset",
			Where: []string{
				"/var/lib/kubelet/{cpu_manager_state,memory_manager_state,dra_manager_state,device-plugins/kubelet_internal_checkpoint,.lock}", "/var/lib/kubelet/{pods,checkpoints,pod_status_manager_state}/*",
				"/var/lib/cni/{networks,results,cache,multus}/*", "/var/lib/{calico/nodename,weave/*,cilium/state/*}", "/run/flannel/subnet.env", "/var/lib/kube-proxy/kubeconfig",
			},
			Action:    bake.Delete,
			MadeAgain: "the kubelet and the network plugins",
			Secret:    true, // pods' volumes hold service account tokens and secrets
		},
		{
			ID:     "k3s-identity",
			Title:  "membership of a k3s, RKE2 or k0s cluster",
			Why:    "a clone cannot join, because the server knows its name with another password, or poses as its parent",
			Source: "k3s documentation, node registration; RKE2 documentation, cluster access; k0s documentation, data directory",
			Where: []string{
				"/etc/rancher/node/password", "/etc/rancher/{k3s/k3s.yaml,rke2/rke2.yaml}", "/var/lib/rancher/{k3s,rke2}/agent/*.{crt,key,kubeconfig}", "/var/lib/rancher/{k3s,rke2}/agent/{etc/k3s-agent-load-balancer.json,etc/k3s-api-server-agent-load-balancer.json}",
				"/var/lib/rancher/{k3s,rke2}/server/{token,node-token,agent-token}", "/var/lib/rancher/{k3s,rke2}/server/{cred,tls}/*", "/var/lib/k0s/{pki/*,kubelet.conf,kubelet-bootstrap.conf,kubelet/pki/*}",
			},
			Action:    bake.Delete,
			MadeAgain: "k3s, RKE2 and k0s, when they start",
			Secret:    true,
		},
		{
			ID:        "microk8s-identity",
			Title:     "keys of a MicroK8s cluster",
			Why:       "clones share the cluster's authority and its tokens",
			Source:    "MicroK8s documentation, refresh-certs",
			Where:     []string{"/var/snap/microk8s/*/{certs/*.{crt,key,csr,srl},credentials/*}", "/var/snap/microk8s/*/var/kubernetes/backend/cluster.{crt,key}"},
			Action:    bake.Delete,
			Default:   bake.AuditOnly, // the snap makes them only when it is installed
			MadeAgain: "microk8s refresh-certs",
			Secret:    true,
		},
		{
			ID:        "cluster-data",
			Title:     "data of a control plane",
			Why:       "every clone starts as the same cluster; it may be what the image is for",
			Source:    "kubeadm reset; etcd documentation, data-dir",
			Where:     []string{"/var/lib/{etcd,etcd2}/member", "/var/lib/rancher/{k3s,rke2}/server/db/*", "/etc/kubernetes/manifests/{etcd,kube-apiserver,kube-controller-manager,kube-scheduler}.yaml"},
			Action:    bake.Delete,
			Default:   bake.AuditOnly,
			MadeAgain: "kubeadm init",
			Secret:    true,
		},
	}
}
