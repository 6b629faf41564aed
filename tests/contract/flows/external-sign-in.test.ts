import { walk } from '../../support/flow-driver.ts';
import { externalSignInWalk } from './external-sign-in.walk.ts';

walk(externalSignInWalk, 'ROWS');
