import { expect, test } from 'vitest'
import packageFile from '../../../package.json' with { type: 'json' }
import { queuePackages } from './queue-packages.ts'

test('what a queue needs is optional, and its absence is told with the command that installs it', async () => {
  const absent = async (name: string) => {
    throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' })
  }
  const { peerDependencies, peerDependenciesMeta, dependencies } = packageFile
  expect(peerDependenciesMeta).toEqual({ bullmq: { optional: true }, ioredis: { optional: true } })
  expect(Object.keys(dependencies)).not.toContain('bullmq')
  const packages = Object.entries(peerDependencies).map(([name, range]) => `${name}@${/^\^(\d+)\./.exec(range)?.[1]}`)
  expect(await queuePackages(absent)).toEqual({ ok: false, reason: expect.stringContaining(`\n  npm install ${packages.join(' ')}\n`) })
  const broken = async () => {
    throw new Error('a syntax error')
  }
  await expect(queuePackages(broken)).rejects.toThrow('a syntax error')
})
