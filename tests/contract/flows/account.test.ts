import { walk } from '../../support/flow-driver.ts';
import { accountWalk } from './account.walk.ts';

walk(accountWalk, 'ROWS');
