/**
 * Vitest configuration: one project per kind of test, so that each kind has its own time limits.
 *
 * The condition `shoal-source` makes `import 'shoal'` mean the sources of this checkout, in the
 * test files and in every thread or process that they start. Projects in which time matters run
 * last and one file at a time: two busy cores must not decide whether a test passes.
 */
import { defineConfig } from 'vitest/config'
import type { TestProjectInlineConfiguration } from 'vitest/config'

const condition = 'shoal-source'

interface Project {
  readonly folder: string
  readonly timeoutMs: number
  /** Projects of a lower group end before those of a higher one begin. */
  readonly group: number
  readonly oneFileAtATime?: boolean
}

const projects: readonly Project[] = [
  { folder: 'architecture', timeoutMs: 30_000, group: 0 },
  { folder: 'unit', timeoutMs: 10_000, group: 0 },
  { folder: 'contract', timeoutMs: 15_000, group: 0 },
  { folder: 'sim', timeoutMs: 120_000, group: 0 },
  { folder: 'types', timeoutMs: 60_000, group: 1, oneFileAtATime: true },
  { folder: 'examples', timeoutMs: 30_000, group: 1, oneFileAtATime: true },
  { folder: 'net', timeoutMs: 60_000, group: 2, oneFileAtATime: true },
]

export default defineConfig({
  resolve: { conditions: [condition, 'module', 'node'] },
  ssr: { resolve: { conditions: [condition, 'module', 'node'] } },
  test: {
    projects: projects.map(projectOf),
    maxWorkers: 2,
    passWithNoTests: true,
    reporters: ['default'],
  },
})

function projectOf(project: Project): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name: project.folder,
      include: [`test/${project.folder}/**/*.test.ts`],
      environment: 'node',
      pool: 'forks',
      execArgv: [`--conditions=${condition}`, '--expose-gc'],
      testTimeout: project.timeoutMs,
      hookTimeout: project.timeoutMs,
      fileParallelism: project.oneFileAtATime !== true,
      sequence: { groupOrder: project.group },
    },
  }
}
