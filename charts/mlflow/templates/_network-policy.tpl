{{/* Rules of the network policies. */}}

{{- define "mlflow.egressDns" -}}
- ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
    - protocol: UDP
      port: 5353
    - protocol: TCP
      port: 5353
{{- end }}

{{- define "mlflow.egressDatabases" -}}
- ports:
    - protocol: TCP
      port: 5432
    - protocol: TCP
      port: 3306
{{- end }}

{{- define "mlflow.egressDefaults" -}}
{{ include "mlflow.egressDns" . }}
- ports:
    - protocol: TCP
      port: 443
    - protocol: TCP
      port: 6443
    - protocol: TCP
      port: 8443
- ports:
    - protocol: TCP
      port: 5432
- ports:
    - protocol: TCP
      port: 3306
- ports:
    - protocol: TCP
      port: 9000
    - protocol: TCP
      port: 8333
    - protocol: TCP
      port: 8334
{{- end }}

{{/* Rules that the spec gives. One whose destinations say nothing is left out: without them it would allow all. */}}
{{- define "mlflow.egressGiven" -}}
{{- $rules := list }}
{{- range concat (default list .spec.networkPolicyEgressRules) (default list .spec.networkPolicyAdditionalEgressRules) }}
{{- $peers := (include "mlflow.peers" (default list .to) | fromJson).v }}
{{- $ports := list }}
{{- range .ports }}{{ $ports = append $ports (merge (deepCopy .) (dict "protocol" "TCP")) }}{{ end }}
{{- $rule := dict }}
{{- with $peers }}{{ $_ := set $rule "to" . }}{{ end }}
{{- with $ports }}{{ $_ := set $rule "ports" . }}{{ end }}
{{- if ternary $peers $ports (not (empty .to)) }}{{ $rules = append $rules $rule }}{{ end }}
{{- end }}
{{- toJson (dict "v" $rules) }}
{{- end }}

{{/* Without those that name nobody, which the API server refuses. */}}
{{- define "mlflow.peers" -}}
{{- $peers := list }}
{{- range . }}
{{- with (include "mlflow.given" (dict "v" .) | fromJson).v }}{{ $peers = append $peers . }}{{ end }}
{{- end }}
{{- toJson (dict "v" $peers) }}
{{- end }}

{{- define "mlflow.ingressRules" -}}
{{- $ports := list (dict "protocol" "TCP" "port" 8443) }}
{{- $from := list (dict "namespaceSelector" dict) }}
{{- with .spec.networkPolicyIngressFrom }}
{{- $from = (include "mlflow.peers" . | fromJson).v }}
{{- /* It deletes artifacts through the server. */}}
{{- if hasKey $.spec "garbageCollection" }}
{{- $from = append $from (dict "podSelector" (dict "matchLabels" (merge (include "mlflow.parentLabel" $ | fromYaml) (dict "app.kubernetes.io/component" "garbage-collection")))) }}
{{- end }}
{{- end }}
{{- $rules := ternary (list (dict "from" $from "ports" $ports)) list (not (empty $from)) }}
{{- /* A selector of namespaces means pods: whoever comes through a node or a balancer is none. */}}
{{- if and (empty .spec.networkPolicyIngressFrom) (ne .spec.service.type "ClusterIP") }}{{ $rules = list (dict "ports" $ports) }}{{ end }}
{{- toJson (dict "v" $rules) }}
{{- end }}
