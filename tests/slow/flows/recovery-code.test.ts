import { recoveryCodeWalk } from '../../contract/flows/recovery-code.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(recoveryCodeWalk, 'ALL');
