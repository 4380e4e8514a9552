/** The rows of a page: how many to skip and how many to take. */
export interface PageWindow {
  offset: number
  limit: number
}
