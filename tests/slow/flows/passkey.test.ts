import { passkeyWalk } from '../../contract/flows/passkey.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(passkeyWalk, 'ALL');
