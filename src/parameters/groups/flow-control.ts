import { PRIORITY_LEVELS, type PriorityLevelSpec } from '../../control-plane/flow-control/priority-levels.ts'
import { cited, entry, group, type Parameter } from '../parameter.ts'
import { of } from '../quantity.ts'

const SOURCE = cited('Kubernetes v1.36 apiserver/pkg/apis/flowcontrol/bootstrap/default.go')

function parametersOf({ name, nominalConcurrencyShares, lendablePercent, queuing }: PriorityLevelSpec): readonly Parameter[] {
  return [
    entry(`${name}.nominalConcurrencyShares`, of(nominalConcurrencyShares), SOURCE),
    entry(`${name}.lendablePercent`, of(lendablePercent, '%'), SOURCE),
    ...(queuing === null
      ? []
      : [
          entry(`${name}.queues`, of(queuing.queues), SOURCE),
          entry(`${name}.handSize`, of(queuing.handSize), SOURCE),
          entry(`${name}.queueLengthLimit`, of(queuing.queueLengthLimit), SOURCE),
        ]),
  ]
}

export const FLOW_CONTROL = group('priorityLevels', 'Priority levels of API Priority and Fairness', PRIORITY_LEVELS.flatMap(parametersOf))
