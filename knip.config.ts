/**
 * Knip configuration: what counts as an entrance, so that everything else unused is reported.
 *
 * The public doors come from package.json's exports; the list below adds the programs that only
 * a command line or a thread starts.
 */
import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  entry: [
    'src/{index,main}.ts',
    'src/{kernel,testing}/index.ts',
    'src/cli/main.ts',
    'protocols/*.ts',
    'workers/*.ts',
    'examples/*.ts',
    'bench/{main,*/main}.ts',
    'bench/**/*.program.ts',
    'tools/*.ts',
    'test/**/*.test.ts',
    'test/**/*.program.ts',
  ],
  project: ['{src,protocols,actors,workers,examples,bench,test,tools}/**/*.ts'],
  ignore: ['bench/peers/**'],
  ignoreExportsUsedInFile: true,
}

export default config
