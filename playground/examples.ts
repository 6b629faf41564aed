import { type Example, json } from './example.ts';
import { ownAccountExamples } from './own-account-examples.ts';

/** Tabs of a first visit, in the order in which a newcomer uses them. */
export const examples: readonly Example[] = [
  {
    query: `# Type the password under "Variables" below,
# then press Ctrl-Enter or the play button.
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
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
    variables: json({ input: { identifier: 'admin@example.com', password: '', delivery: 'COOKIE' } }),
  },
  {
    query: `# Who am I, and what may I do?
query Viewer {
  viewer {
    user {
      id
      email
      displayName
      groups {
        name
      }
    }
    permissions {
      permission {
        action
        resource
      }
    }
    assuranceLevel
  }
}
`,
    variables: null,
  },
  {
    query: `query Users {
  users(first: 25) {
    nodes {
      id
      email
      displayName
      status
      groups {
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
    variables: null,
  },
  {
    query: `mutation CreateGroup {
  createGroup(
    input: {
      name: "Help desk"
      description: "Sees everybody, changes nobody"
      permissions: [{ action: "view", resource: "users" }]
    }
  ) {
    group {
      id
      name
      version
      permissions {
        action
        resource
      }
    }
    errors {
      code
      message
      field
    }
  }
}
`,
    variables: null,
  },
  {
    query: `# The group is Members. The invitation is in the
# captured mail, at /dev/mail; setupLink is set
# where no mail can go out.
mutation CreateUser {
  createUser(
    input: {
      email: "dorothy@example.com"
      displayName: "Dorothy Vaughan"
      groupIds: ["00000000-0000-5000-8000-000000000003"]
    }
  ) {
    user {
      id
      status
    }
    inviteEmail {
      state
    }
    setupLink
    errors {
      code
      message
      field
    }
  }
}
`,
    variables: null,
  },
  {
    query: `mutation SignOut {
  signOut(input: {}) {
    sessionId
    errors {
      code
      message
    }
  }
}
`,
    variables: null,
  },
  ...ownAccountExamples,
];

const setUpFirstAdmin = `# The first administrator: choose address, name
# and password under "Variables" below.
mutation SetUpFirstAdmin($input: SetUpFirstAdminInput!) {
  setUpFirstAdmin(input: $input) {
    step
    user {
      id
    }
    errors {
      code
      message
    }
  }
}
`;

/** The tab that a printed set-up link opens. */
export const setUpExample = (setupToken: string): Example => ({
  query: setUpFirstAdmin,
  variables: json({
    input: { setupToken, email: 'admin@example.com', displayName: 'Administrator', password: '', delivery: 'COOKIE' },
  }),
});
