import { signInWalk } from '../../contract/flows/sign-in.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(signInWalk, 'ALL');
