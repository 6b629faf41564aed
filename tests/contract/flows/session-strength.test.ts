import { walk } from '../../support/flow-driver.ts';
import { sessionStrengthWalk } from './session-strength.walk.ts';

walk(sessionStrengthWalk, 'ROWS');
