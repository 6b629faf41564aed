import { oneTimeTokenWalk } from '../../contract/flows/one-time-token.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(oneTimeTokenWalk, 'ALL');
