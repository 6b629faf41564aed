import { type Example, json } from './example.ts';

/** What people do with their own accounts. Tokens of one answer go into the variables of the next tab. */
export const ownAccountExamples: readonly Example[] = [
  {
    query: `# Choose a password under "Variables" below.
# The code that follows is in the captured mail,
# at /dev/mail in another tab of the browser.
mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) {
    step
    verification {
      token
      maskedTarget
      expiresAt
    }
    violations
    errors {
      code
      message
      field
    }
  }
}
`,
    variables: json({
      input: { email: 'mary@example.com', displayName: 'Mary Jackson', password: '', delivery: 'COOKIE' },
    }),
  },
  {
    query: `# The token of the answer to SignUp,
# and the code of the mail.
mutation VerifySignUp($input: VerifySignUpInput!) {
  verifySignUp(input: $input) {
    step
    user {
      id
      displayName
      status
    }
    tokens {
      csrfToken
    }
    errors {
      code
      message
    }
  }
}
`,
    variables: json({ input: { verificationToken: '', code: '' } }),
  },
  {
    query: `# A code by mail instead of the password;
# with form LINK, a link.
mutation RequestCode($input: RequestSignInCodeInput!) {
  requestSignInCode(input: $input) {
    verification {
      token
      maskedTarget
      expiresAt
    }
    retryAfterSeconds
    errors {
      code
      message
    }
  }
}
`,
    variables: json({ input: { identifier: 'mary@example.com', purpose: 'SIGN_IN', form: 'CODE' } }),
  },
  {
    query: `# The token of the answer to RequestCode,
# and the code of the mail.
mutation SignInByCode($input: VerifySignInCodeInput!) {
  verifySignInCode(input: $input) {
    step
    user {
      id
      displayName
    }
    tokens {
      csrfToken
    }
    challenge {
      token
      methods
    }
    errors {
      code
      message
    }
  }
}
`,
    variables: json({ input: { verificationToken: '', code: '', delivery: 'COOKIE' } }),
  },
  {
    query: `# Type the secret into an authenticator app,
# or scan otpauthUri as a QR code.
mutation StartTotp($input: StartTotpEnrollmentInput!) {
  startTotpEnrollment(input: $input) {
    secret
    otpauthUri
    expiresAt
    errors {
      code
      message
    }
  }
}
`,
    variables: json({ input: { password: '' } }),
  },
  {
    query: `# The code that the app shows. Keep the recovery
# codes, which are shown this once.
mutation ConfirmTotp($input: ConfirmTotpEnrollmentInput!) {
  confirmTotpEnrollment(input: $input) {
    recoveryCodes
    mfa {
      enabled
      recoveryCodesLeft
    }
    errors {
      code
      message
    }
  }
}
`,
    variables: json({ input: { code: '' } }),
  },
  {
    query: `# Where a sign-in answers MFA_REQUIRED: the token
# of its challenge, and the next code of the app.
mutation CompleteMfa($input: CompleteMfaInput!) {
  completeMfa(input: $input) {
    step
    user {
      id
      displayName
    }
    tokens {
      csrfToken
    }
    errors {
      code
      message
    }
  }
}
`,
    variables: json({ input: { challengeToken: '', code: '' } }),
  },
  {
    query: `# My passkeys, and the other second factors.
query Passkeys {
  viewer {
    user {
      mfa {
        enabled
        totpEnabledAt
        recoveryCodesLeft
        passkeys {
          id
          name
          deviceBound
          createdAt
          lastUsedAt
        }
      }
    }
  }
}
`,
    variables: null,
  },
  {
    query: `# Where I am signed in; everybody's for those
# who have view:sessions.
query Sessions {
  sessions(first: 25) {
    nodes {
      id
      user {
        displayName
      }
      current
      signInMethod
      assuranceLevel
      device {
        name
      }
      lastSeenAt
      expiresAt
    }
    totalCount
  }
}
`,
    variables: null,
  },
  {
    query: `# Runs until it is stopped. What happens to my account
# meanwhile, in another tab, is told here.
subscription AuditEventAdded {
  auditEventAdded {
    action
    result
    at
    target {
      type
      label
    }
  }
}
`,
    variables: null,
  },
];
