import { readCommandLine, runCommand, tell } from '../command-line.ts';
import { makePlan } from './plan.ts';
import { planOptions, planUsage, planWantedOf } from './plan-arguments.ts';
import { planText } from './plan-text.ts';

await runCommand(async () => {
  const { options } = readCommandLine(planOptions, 0, planUsage);
  const plan = makePlan(planWantedOf(options));
  tell(options['json'] === true ? JSON.stringify(plan, null, 2) : planText(plan));
});
