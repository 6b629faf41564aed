import { sessionStrengthWalk } from '../../contract/flows/session-strength.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(sessionStrengthWalk, 'ALL');
