import { walk } from '../../support/flow-driver.ts';
import { oneTimeTokenWalk } from './one-time-token.walk.ts';

walk(oneTimeTokenWalk, 'ROWS');
