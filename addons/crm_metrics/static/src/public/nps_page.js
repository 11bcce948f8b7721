/** @odoo-module ignore: the pages have no module loader before they are complete */
/*
 * Tells the server that a person sends the page, and keeps it from being sent twice.
 * Nothing needs it: without it, the page asks once more.
 */
(function () {
    function prepare(form) {
        const field = (name) => form.elements.namedItem(name);
        let sent = false;

        field("script").value = "1";
        if (navigator.webdriver) {
            field("driver").value = "1";
        }
        for (const type of ["pointerdown", "keydown", "click"]) {
            form.addEventListener(type, (ev) => {
                // programs can only make events that are not trusted
                if (ev.isTrusted) {
                    field("gesture").value = type;
                }
            });
        }
        form.addEventListener("submit", (ev) => {
            if (sent) {
                ev.preventDefault();
            }
            sent = true;
        });
        // who comes back to the page may send it anew
        window.addEventListener("pageshow", () => {
            sent = false;
        });
    }

    document.querySelectorAll("form.o_crm_nps_form").forEach(prepare);
})();
