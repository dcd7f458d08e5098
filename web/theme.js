// Runs before the first paint, so that a chosen theme and the right view are there from the start; and before the page
// needs anything else.
// A classic script on purpose: modules run too late for that.
{
  const root = document.documentElement;
  root.dataset.view = new URLSearchParams(location.search).has("job") ? "job" : "home";
  try {
    root.dataset.theme = localStorage.getItem("theme") ?? "auto";
  } catch {
    root.dataset.theme = "auto";
  }
}

// A script or style that did not arrive (the network changed, the service was restarted) would leave the page dead.
addEventListener("error", ({ target }) => {
  if (target instanceof HTMLElement) setTimeout(() => location.reload(), 2000);
}, true);
