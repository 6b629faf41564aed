import { accountWalk } from '../../contract/flows/account.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(accountWalk, 'ALL');
