import { oneTimeCodeWalk } from '../../contract/flows/one-time-code.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(oneTimeCodeWalk, 'ALL');
