{{/* What people give as Kubernetes' own fields, and amounts. Lists and maps travel as JSON: {"v": value}. */}}

{{/* A value without nulls and without what is empty, but for empty maps that say something: {v}. */}}
{{- define "mlflow.given" -}}
{{- if kindIs "map" .v }}
{{- $kept := dict }}
{{- range $key, $value := .v }}
{{- if not (kindIs "invalid" $value) }}
{{- $cleaned := (include "mlflow.given" (dict "v" $value) | fromJson).v }}
{{- if or (not (include "mlflow.isHollow" (dict "v" $cleaned))) (and (kindIs "map" $cleaned) (has $key (list "emptyDir" "labelSelector" "podSelector" "namespaceSelector" "preference"))) }}
{{- $_ := set $kept $key $cleaned }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson (dict "v" $kept) }}
{{- else if kindIs "slice" .v }}
{{- $kept := list }}
{{- range .v }}
{{- if not (kindIs "invalid" .) }}{{ $kept = append $kept (include "mlflow.given" (dict "v" .) | fromJson).v }}{{ end }}
{{- end }}
{{- toJson (dict "v" $kept) }}
{{- else }}
{{- toJson (dict "v" .v) }}
{{- end }}
{{- end }}

{{- define "mlflow.isHollow" -}}
{{- if and (or (kindIs "map" .v) (kindIs "slice" .v)) (eq (len .v) 0) }}true{{ end }}
{{- end }}

{{/* A list in which of two entries with one key the later stands, in the place of the first: {list, key}. */}}
{{- define "mlflow.unique" -}}
{{- $order := list }}
{{- $by := dict }}
{{- range .list }}
{{- $key := index . $.key }}
{{- if not (hasKey $by $key) }}{{ $order = append $order $key }}{{ end }}
{{- $_ := set $by $key . }}
{{- end }}
{{- $list := list }}
{{- range $order }}{{ $list = append $list (index $by .) }}{{ end }}
{{- toJson (dict "v" $list) }}
{{- end }}

{{/* Requests and limits: those given over the defaults, key by key; a default gives way to a number that contradicts it: {given, defaults}. */}}
{{- define "mlflow.resources" -}}
{{- $given := default dict .given }}
{{- $requests := default dict $given.requests }}
{{- $limits := default dict $given.limits }}
{{- $out := dict "requests" dict "limits" dict }}
{{- range $name, $amount := .defaults.requests }}
{{- $other := index $limits $name }}
{{- $fits := true }}
{{- if hasKey $limits $name }}{{ $fits = le (float64 (include "mlflow.amount" $amount)) (float64 (include "mlflow.amount" $other)) }}{{ end }}
{{- $_ := set $out.requests $name (ternary $amount $other $fits) }}
{{- end }}
{{- range $name, $amount := .defaults.limits }}
{{- $other := index $requests $name }}
{{- $fits := true }}
{{- if hasKey $requests $name }}{{ $fits = ge (float64 (include "mlflow.amount" $amount)) (float64 (include "mlflow.amount" $other)) }}{{ end }}
{{- $_ := set $out.limits $name (ternary $amount $other $fits) }}
{{- end }}
{{- range $name, $amount := $requests }}{{ $_ := set $out.requests $name $amount }}{{ end }}
{{- range $name, $amount := $limits }}{{ $_ := set $out.limits $name $amount }}{{ end }}
{{- with $given.claims }}{{ $_ := set $out "claims" . }}{{ end }}
{{- toJson $out }}
{{- end }}

{{/* A quantity such as 500m or 2Gi as a number. */}}
{{- define "mlflow.amount" -}}
{{- $text := toString . }}
{{- $suffix := regexFind "([KMGTPE]i|[numkMGTPE])$" $text }}
{{- $factors := dict "" 1.0 "n" 0.000000001 "u" 0.000001 "m" 0.001 "k" 1000.0 "M" 1000000.0 "G" 1000000000.0 "T" 1000000000000.0 "P" 1000000000000000.0 "E" 1000000000000000000.0 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 }}
{{- mulf (float64 (trimSuffix $suffix $text)) (index $factors $suffix) }}
{{- end }}
