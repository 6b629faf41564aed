import { walk } from '../../support/flow-driver.ts';
import { totpWalk } from './totp.walk.ts';

walk(totpWalk, 'ROWS');
