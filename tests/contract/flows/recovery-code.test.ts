import { walk } from '../../support/flow-driver.ts';
import { recoveryCodeWalk } from './recovery-code.walk.ts';

walk(recoveryCodeWalk, 'ROWS');
