// What makes the pages pleasant; each works without it.
"use strict";

// Lines of the log are added as they come; who has scrolled up is left there. Each connection begins where the page as it
// was made ends, also one that was lost and is made anew; where that is refused (the session has ended, too much was said
// meanwhile) the page is made anew.
for (const pane of document.querySelectorAll("[data-stream]")) {
    pane.scrollTop = pane.scrollHeight;
    const made = [...pane.childNodes];
    const { stream, since, contains } = pane.dataset;
    const source = new EventSource(`${stream}?since=${since}&contains=${encodeURIComponent(contains ?? "")}`);
    source.onopen = () => {
        pane.replaceChildren(...made);
        pane.dataset.live = "";
    };
    source.onerror = () => {
        if (source.readyState === EventSource.CLOSED && "live" in pane.dataset)
            location.reload();
    };
    source.onmessage = event => {
        const atEnd = pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 20;
        pane.append(`${event.data}\n`);
        while (pane.childNodes.length > 2000)
            pane.firstChild.remove();
        if (atEnd)
            pane.scrollTop = pane.scrollHeight;
    };
    addEventListener("pagehide", () => source.close());
}

// Seconds that are left; at the end the page is asked for anew.
for (const counter of document.querySelectorAll("[data-countdown]")) {
    const end = performance.now() + 1000 * Number(counter.dataset.countdown);
    const timer = setInterval(() => {
        const left = Math.max(0, Math.round((end - performance.now()) / 1000));
        counter.textContent = left;
        if (left === 0) {
            clearInterval(timer);
            location.replace(document.querySelector("[aria-current=page]")?.href ?? location.href);
        }
    }, 1000);
}

// A file that is sent: how much of it has arrived; the answer takes the place of the page.
for (const form of document.querySelectorAll("form[data-upload]")) {
    form.addEventListener("submit", event => {
        event.preventDefault();
        const request = new XMLHttpRequest();
        const bar = document.createElement("progress");
        const said = document.createElement("p");
        bar.max = 100;
        said.setAttribute("role", "status");
        bar.setAttribute("aria-label", form.dataset.upload);
        const data = new FormData(form, event.submitter);
        form.append(bar, said);
        const enable = yes => [...form.elements].forEach(field => { field.disabled = !yes; });
        enable(false);
        request.upload.onprogress = progress => {
            bar.value = Math.floor(100 * progress.loaded / progress.total);
            said.textContent = `${form.dataset.upload}: ${bar.value} %`;
        };
        request.onload = () => {
            const page = new DOMParser().parseFromString(request.responseText, "text/html");
            document.title = page.title;
            document.querySelector("main").replaceWith(page.querySelector("main"));
            document.querySelector("main").focus();
            waitForDevice();
        };
        request.onerror = () => {
            said.textContent = form.dataset.failed;
            enable(true);
        };
        request.open("POST", form.action);
        request.send(data);
    });
}

// A device that restarts: asked again and again until it has been away and is back.
function waitForDevice() {
    const place = document.querySelector("[data-return]");
    if (!place)
        return;
    const until = performance.now() + 60000;
    let away = false;
    place.textContent = place.dataset.said;
    const ask = async () => {
        try {
            const answer = await fetch(place.dataset.return, {cache: "no-store", signal: AbortSignal.timeout(4000)});
            if (answer.ok && (away || performance.now() > until))
                return location.assign(place.dataset.return);
        } catch {
            away = true;
        }
        return setTimeout(ask, 2000);
    };
    setTimeout(ask, 2000);
}
waitForDevice();
