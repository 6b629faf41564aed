import { walk } from '../../support/flow-driver.ts';
import { signInWalk } from './sign-in.walk.ts';

walk(signInWalk, 'ROWS');
