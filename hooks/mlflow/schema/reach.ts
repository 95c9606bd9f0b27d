// Who reaches the server, how, and as whom: authentication, TLS, routes from outside, and the network around it.
import { Type, type Static } from '@sinclair/typebox'
import { objectName, oneOf, section, type Rule } from '../../core/schema.ts'
import { Peer, egressRules, optionalText, secretKey, text } from './fields.ts'

export const Auth = section({
  mode: oneOf(['Kubernetes', 'Basic', 'None'], { default: 'Kubernetes', description: "Kubernetes asks the API server what the caller's token may do in a workspace, which is a namespace; Basic has users and passwords of MLflow's own; None lets everybody do everything." }),
  adminPasswordSecret: Type.Optional(secretKey('Password of the user admin; for Basic.')),
  secretKeySecret: Type.Optional(secretKey('Key that MLflow signs its cookies with; for Basic.')),
  databaseUri: Type.Optional(Type.String({ maxLength: 2048, description: 'Database of users and permissions, another one than those of experiments; for Basic.' })),
  databaseUriFrom: Type.Optional(secretKey('The same, from a Secret.')),
  defaultPermission: oneOf(['READ', 'EDIT', 'MANAGE', 'NO_PERMISSIONS'], { default: 'READ', description: 'What a user may do with what nobody gave him permissions for; for Basic.' })
}, { description: 'Who may do what.' })
export type Auth = Static<typeof Auth>

export const Tls = section({
  mode: oneOf(['ServiceCA', 'Secret', 'CertManager', 'Off'], { default: 'ServiceCA', description: 'Where the certificate comes from: ServiceCA, OpenShift makes it; Secret, you do; CertManager, it makes one by issuerRef; "Off" (in quotes, for YAML takes the bare word for false), plain HTTP. Where there is no OpenShift, ServiceCA and Secret are the same.' }),
  secretName: objectName({ default: '', description: 'Secret with tls.crt and tls.key; empty means mlflow-tls, with the name of the object where that is not mlflow.' }),
  issuerRef: Type.Optional(Type.Object({ name: text('Name of the issuer.'), kind: oneOf(['Issuer', 'ClusterIssuer'], { default: 'Issuer', description: 'Its kind.' }), group: optionalText('Its API group; absent means cert-manager.io.') }, { description: 'Issuer of cert-manager.' }))
}, { description: 'TLS between callers and the server.' })
export type Tls = Static<typeof Tls>

const optionalName = (description: string) => Type.Optional(objectName({ description }))

const gateway = (what: string) => Type.Optional(Type.Object({ name: optionalName(`Name of the ${what}.`), namespace: optionalName('Its namespace.') }, { description: `The ${what}; absent fields are those that Sluice is configured with.` }))

export const Ingress = section({
  mode: oneOf(['HTTPRoute', 'VirtualService', 'Ingress', 'None'], { default: 'HTTPRoute', description: 'What leads to the server from outside. An HTTPRoute is made where Sluice is configured for the Gateway API, and left out elsewhere.' }),
  host: optionalName('Name under which callers from outside reach it; absent means that of the external URL that Sluice is configured with.'),
  gateway: gateway('gateway'),
  className: optionalName('IngressClass; for Ingress.'),
  tlsSecretName: optionalName('Secret with the certificate for the host; for Ingress.'),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 4096 }), { maxProperties: 32, description: 'Annotations of the HTTPRoute, VirtualService or Ingress.' }))
}, { description: 'The way in from outside the cluster.' })
export type Ingress = Static<typeof Ingress>

export const networkProperties = {
  networkPolicyIngressFrom: Type.Optional(Type.Array(Peer, { maxItems: 32, description: 'Who may reach the server; absent means every pod, and everybody where service.type is NodePort or LoadBalancer. The kubelet always may.' })),
  networkPolicyEgressRules: egressRules('networkPolicyEgressRules', "What the server may reach, in place of the default's whole."),
  networkPolicyAdditionalEgressRules: egressRules('networkPolicyAdditionalEgressRules', 'What it may reach beside that.'),
  extraAllowedOrigins: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 64, description: 'Further origins that browsers may call from, such as https://notebooks.example.com.' })),
  extraAllowedHosts: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 64, description: 'Further names under which the server may be called; its own are always among them.' }))
}

/** Rules on the whole spec that speak of these. */
export const reachRules: Rule[] = [
  { rule: "!has(self.auth) || !has(self.auth.mode) || self.auth.mode != 'Basic' || (has(self.auth.adminPasswordSecret) && has(self.auth.secretKeySecret) && (has(self.auth.databaseUri) || has(self.auth.databaseUriFrom)))", message: 'auth.mode Basic needs auth.adminPasswordSecret, auth.secretKeySecret, and auth.databaseUri or auth.databaseUriFrom; add what is missing' },
  { rule: '!has(self.auth) || !(has(self.auth.databaseUri) && has(self.auth.databaseUriFrom))', message: 'auth.databaseUri and auth.databaseUriFrom are mutually exclusive' },
  { rule: "!has(self.auth) || !has(self.auth.databaseUri) || !self.auth.databaseUri.startsWith('sqlite') || has(self.storage)", message: 'storage must be configured when auth.databaseUri is a file (sqlite:// prefix)' },
  { rule: "!has(self.tls) || !has(self.tls.mode) || self.tls.mode != 'CertManager' || has(self.tls.issuerRef)", message: 'tls.mode CertManager needs tls.issuerRef; add it' }
]
