// Registry objects as MLflow's REST API prints them: snake_case, unset and empty fields left out.
import type { Model, Version } from './registry.ts'

/** A model version. The registry's aliases are printed by `get` and `alias`, and by no search or list. */
export function showVersion (version: Version, aliases: readonly string[] = []): object {
  return {
    name: version.name,
    version: version.version,
    creation_timestamp: version.createdAt,
    last_updated_timestamp: version.updatedAt,
    current_stage: 'None',
    description: version.description,
    source: version.source,
    run_id: version.runId,
    status: version.status,
    ...(version.statusMessage !== '' && { status_message: version.statusMessage }),
    ...(version.tags.size > 0 && { tags: showTags(version.tags) }),
    run_link: version.runLink,
    ...(aliases.length > 0 && { aliases })
  }
}

/** The aliases of one version, in alphabetical order. */
export function aliasesOf (model: Model, version: string): string[] {
  return [...model.aliases].filter(([, target]) => target === version).map(([alias]) => alias).sort()
}

export function showModel (model: Model): object {
  const latest = [...model.versions.values()].at(-1)
  const aliases = [...model.aliases].sort(([a], [b]) => a < b ? -1 : 1)
  return {
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.updatedAt,
    ...(model.description !== '' && { description: model.description }),
    ...(latest !== undefined && { latest_versions: [showVersion(latest)] }),
    ...(model.tags.size > 0 && { tags: showTags(model.tags) }),
    ...(aliases.length > 0 && { aliases: aliases.map(([alias, version]) => ({ alias, version })) })
  }
}

function showTags (tags: ReadonlyMap<string, string>): object[] {
  return [...tags].sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) => ({ key, value }))
}
