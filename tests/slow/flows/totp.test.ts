import { totpWalk } from '../../contract/flows/totp.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(totpWalk, 'ALL');
