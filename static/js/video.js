// A video is a picture and a link until somebody presses play: then its player comes from its host,
// in the place of the picture. Without this the link leads to the page of the video.
for (const link of document.querySelectorAll("a[data-player]")) {
  link.addEventListener("click", (event) => {
    // A new tab was asked for.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const player = document.createElement("iframe");
    player.className = "cover video-player";
    player.title = link.dataset.title;
    player.allow = "autoplay; fullscreen; picture-in-picture; encrypted-media";
    // It may run its own scripts and nothing around it; its host wants to know on which site it is.
    player.setAttribute("sandbox", "allow-scripts allow-same-origin allow-presentation allow-popups");
    player.referrerPolicy = "strict-origin-when-cross-origin";
    player.src = link.dataset.player;
    link.closest(".cover-frame").replaceChildren(player);
    player.focus();
  });
}
