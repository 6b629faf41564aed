import { walk } from '../../support/flow-driver.ts';
import { passkeyWalk } from './passkey.walk.ts';

walk(passkeyWalk, 'ROWS');
