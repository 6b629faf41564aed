import { resourceTitles } from '../permissions/catalogue.ts';
import type { RegisteredCatalogue, ResourceDeclaration } from '../permissions/registered-catalogue.ts';

/** A kind of object that permissions are about: declared by an application, or Gatehouse's own. */
export interface ResourceDefinition extends Pick<
  ResourceDeclaration,
  'name' | 'title' | 'version' | 'attributes' | 'ownerRule' | 'registeredById'
> {
  /** null for Gatehouse's own. */
  readonly namespace: string | null;
}

const titles: Readonly<Record<string, string>> = resourceTitles;

/** The definition of a resource that the catalogue has. */
export const resourceDefinitionOf = (name: string, catalogue: RegisteredCatalogue): ResourceDefinition =>
  catalogue.resources.get(name) ?? {
    name,
    title: titles[name] ?? name,
    namespace: null,
    version: 1,
    attributes: [],
    ownerRule: null,
    registeredById: null,
  };
